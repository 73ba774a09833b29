export { main } from './main.ts';
export { runProgram } from './program.ts';
export { createPaint, type Terminal } from './terminal.ts';
