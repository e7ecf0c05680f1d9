// The npm scripts start here, with whatever Node.js the machine has. Nothing but this check may come before
// the import: older versions cannot read the rest.
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(
    `mcp-obo needs Node.js 20 or later to start; this is ${process.version}. Get a newer one from https://nodejs.org.\n`,
  );
  process.exitCode = 1;
} else {
  import('./src/main.mjs').then(({ main }) => main(process.argv.slice(2)));
}
