/** What a disk does in one piece, or not at all. */
const sectorBytes = 512;

/**
 * Whether the zeros in bytes [start, end) are what is read where sectors never came to the disk: they begin at `start` or
 * at a sector, and end at one or with the file. Neither an entry's JSON nor a checkpoint holds a zero byte.
 */
export function isDropped(file: Buffer, start: number, end: number, fileStart = 0): boolean {
  const isSector = (at: number): boolean => (at + fileStart) % sectorBytes === 0;
  for (let from = file.indexOf(0, start); from >= 0 && from < end; ) {
    let to = from;
    while (file[to] === 0) to += 1;
    if (from !== start && !isSector(from)) return false;
    if (to !== file.length && !isSector(to)) return false;
    from = file.indexOf(0, to);
  }
  return true;
}
