#!/usr/bin/env node
// Plain JavaScript, so that even an old Node can say what is wrong.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Sallyport needs Node 24 or newer, this is ${process.versions.node}: install Node 24, or run it with "npm exec sallyport" in a checkout after "npm ci".`,
  );
  process.exit(2);
}
const { main } = await import('../src/main.ts');
process.exitCode = await main(process.argv.slice(2));
