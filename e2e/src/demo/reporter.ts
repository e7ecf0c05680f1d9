import type { Shown } from './step.ts';

/** What is left at the end of a demo. */
export interface TraceSummary {
  readonly traceId: string;
  readonly spans: number;
  readonly lines: readonly string[];
  /** File that the trace was drawn to. */
  readonly picture?: string;
}

/** What went wrong, and at which hop. */
export interface DemoFailure {
  readonly step: string;
  readonly ms: number;
  readonly hop: string;
  /** The span where it began. */
  readonly where?: string;
  readonly message: string;
}

/** Tells the story, to people or to programs. */
export interface Reporter {
  readonly begin: (title: string) => void;
  readonly done: (step: string, ms: number, shown: Shown) => void;
  readonly failed: (failure: DemoFailure) => void;
  /** The last word; answers the exit code. */
  readonly end: (trace: TraceSummary | undefined) => number;
}

export interface ReporterOptions {
  readonly json: boolean;
  /** Colours are for terminals only. */
  readonly terminal: boolean;
  readonly write: (text: string) => void;
}

export function createReporter({ json, terminal, write }: ReporterOptions): Reporter {
  const steps: { name: string; ok: boolean; ms: number }[] = [];
  let failure: DemoFailure | undefined;
  const colour = (code: number, text: string) => (terminal ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = (value: object) => write(`${JSON.stringify(value)}\n`);

  return {
    begin: (title) => {
      if (!json) write(`\n${colour(1, title)}\n`);
    },
    done: (name, ms, { lines, facts }) => {
      steps.push({ name, ok: true, ms });
      if (json) line({ step: name, ok: true, ms, ...facts });
      else
        write(
          `${lines.map((text) => `    ${text}\n`).join('')}  ${colour(32, '✓')} ${name} ${colour(2, `${ms} ms`)}\n`,
        );
    },
    failed: (failed) => {
      failure = failed;
      const { step: name, ms, hop, where, message } = failed;
      steps.push({ name, ok: false, ms });
      if (json) line({ step: name, ok: false, ms, hop, where, message });
      else
        write(
          `  ${colour(31, '✗')} ${name}: ${message}\n    hop: ${hop}${where === undefined ? '' : `, ${where}`}\n`,
        );
    },
    end: (trace) => {
      const ok = failure === undefined && trace !== undefined;
      const summary = trace === undefined ? undefined : { traceId: trace.traceId, spans: trace.spans };
      if (json) {
        line({
          ok,
          steps,
          ...(failure === undefined
            ? {}
            : { hop: failure.hop, where: failure.where, message: failure.message }),
          trace: summary ?? null,
          ...(trace?.picture !== undefined && { picture: trace.picture }),
        });
        return ok ? 0 : 1;
      }
      if (trace !== undefined)
        write(
          `\n${colour(1, `One trace, ${trace.spans} spans, ${trace.traceId} (--trace shows all; here is one call)`)}\n${trace.lines.map((text) => `  ${text}\n`).join('')}`,
        );
      if (trace?.picture !== undefined)
        write(`\n${colour(1, 'The trace as a picture')}\n  ${trace.picture}\n`);
      write(
        ok
          ? `\n${colour(32, `All ${steps.length} steps went well.`)}\n`
          : `\n${colour(31, `Failed at ${failure?.step ?? 'start'}, hop: ${failure?.hop ?? 'platform'}`)}\n`,
      );
      return ok ? 0 : 1;
    },
  };
}
