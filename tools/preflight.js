// Every npm script starts here: plain JavaScript, so that even an old Node can say what is wrong.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Sallyport needs Node 24 or newer, this is ${process.versions.node}: run "npm ci" (on Linux it brings Node 24) or install Node 24.`,
  );
  process.exit(1);
}
