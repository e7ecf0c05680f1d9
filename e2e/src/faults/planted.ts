// Loaded before the main module of a broker (`node --import`): plants one fault in what that process loads.
import { registerHooks } from 'node:module';
import { isPlant, plants, plantVariable } from './plants.ts';

const name = process.env[plantVariable] ?? '';
if (!isPlant(name)) throw new Error(`There is no plant "${name}".`);
const { file, from, to } = plants[name];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(file)) return loaded;
    const source = String(loaded.source);
    if (!source.includes(from)) throw new Error(`${file} does not say "${from}" any more.`);
    process.stderr.write(`planted: ${name}\n`);
    return { ...loaded, source: source.replace(from, to) };
  },
});
