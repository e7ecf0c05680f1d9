import { openNotebook } from './notebook.ts';
import { observeProcess } from './observe-process.ts';

// Loaded by every part of an observed platform before its own code. Only here the environment is read.
const { SECRET_SCAN_DIR: folder } = process.env;
if (folder !== undefined) observeProcess(openNotebook(folder, String(process.pid)).note);
