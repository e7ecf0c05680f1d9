import { inject } from 'vitest';
import { openNotebook } from '../wire/notebook.ts';
import { observeProcess } from '../wire/observe-process.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the recording of the platform that a project shares. */
    readonly recordingFolder: string;
  }
}

// What the clients in a test get and send is known from inside their process alone: a setup file of the project.
observeProcess(openNotebook(inject('recordingFolder'), `tests-${process.pid}`).note);
