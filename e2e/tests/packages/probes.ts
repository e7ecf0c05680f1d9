/** A program that imports everything and prints the names, by entry, as JSON. */
export function everyExport(entries: readonly string[]): string {
  const imports = entries.map((entry, index) => `import * as e${index} from '${entry}';`);
  const names = entries.map((entry, index) => `  '${entry}': Object.keys(e${index}).sort(),`);
  return `${imports.join('\n')}\nprocess.stdout.write(JSON.stringify({\n${names.join('\n')}\n}));\n`;
}

/** A module that makes these packages impossible to import. */
export function noPeers(peers: readonly string[]): string {
  return `import { registerHooks } from 'node:module';
const peers = ${JSON.stringify([...new Set(peers)])};
registerHooks({
  resolve(specifier, context, next) {
    if (peers.some((peer) => specifier === peer || specifier.startsWith(peer + '/')))
      throw new Error(context.parentURL + ' imports ' + specifier + ', which is an optional peer.');
    return next(specifier, context);
  },
});
`;
}
