/**
 * A disk that fails when told, and forgets as a real one does; for tests only. The folder is what processes see, the page
 * cache included; what a power cut leaves is kept beside it. A sync that fails drops what it could not write and calls it
 * clean: the next one succeeds without it, and zeros stand where it was.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type LogFiles, systemFiles } from './log-files.ts';

/** What becomes of a call: the error is thrown before anything is done, or a write takes half of its bytes first. */
export type Fate = 'works' | 'fails' | 'tears';

const sectorBytes = 512;

interface Inode {
  durable: Buffer;
  /** Sectors written and not on disk. */
  dirty: Set<number>;
}

export class FailingDisk implements LogFiles {
  /** Fate of the call with this number, from 0. */
  fate: (call: number) => Fate = () => 'works';
  /** After it, nothing changes any more: the process was killed. */
  isDead = false;
  calls = 0;
  readonly #directory: string;
  readonly #open = new Map<number, Inode>();
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /**
   * Writes to a folder what a power cut now leaves. Names are as they were synced or, when any file has more than was
   * synced, as they are; `hasMore` says which files have.
   */
  powerCut(to: string, hasMore: ((file: number) => boolean) | null): void {
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(this.#directory))
      if (!this.#names.has(name) && name.startsWith('log.'))
        copyFileSync(join(this.#directory, name), join(to, name));
    const names = hasMore === null ? this.#durableNames : this.#names;
    for (const [at, [name, inode]] of [...names].entries())
      writeFileSync(join(to, name), hasMore?.(at) === true ? this.#flushed(name, inode) : inode.durable);
  }

  open(path: string): number {
    this.#call();
    return this.#opened(
      path,
      this.#names.get(basename(path)) ?? { durable: Buffer.alloc(0), dirty: new Set() },
      systemFiles.open(path),
    );
  }

  create(path: string): number {
    this.#call();
    return this.#opened(path, { durable: Buffer.alloc(0), dirty: new Set() }, systemFiles.create(path));
  }

  size(fd: number): number {
    return systemFiles.size(fd);
  }

  write(fd: number, bytes: Uint8Array, from: number, count: number): number {
    const fate = this.#call('tears');
    const taken = fate === 'tears' ? Math.floor(count / 2) : count;
    const at = systemFiles.size(fd);
    if (taken > 0) systemFiles.write(fd, bytes, from, taken);
    const { dirty } = this.#inode(fd);
    for (let sector = Math.floor(at / sectorBytes); sector * sectorBytes < at + taken; sector += 1)
      dirty.add(sector);
    if (fate === 'tears') throw new Error('EIO: the disk took half');
    return taken;
  }

  truncate(fd: number, length: number): void {
    this.#call();
    systemFiles.truncate(fd, length);
    this.#inode(fd).dirty.add(Math.floor(length / sectorBytes));
  }

  syncNow(fd: number): void {
    const inode = this.#inode(fd);
    try {
      this.#call();
    } catch (error) {
      if (!this.isDead) inode.dirty.clear();
      throw error;
    }
    const name = [...this.#names].find(([, one]) => one === inode)?.[0];
    if (name !== undefined) inode.durable = this.#flushed(name, inode);
    inode.dirty.clear();
  }

  async sync(fd: number): Promise<void> {
    await Promise.resolve();
    this.syncNow(fd);
  }

  syncFolderNow(): void {
    this.#call();
    this.#durableNames = new Map(this.#names);
  }

  async syncFolder(): Promise<void> {
    await Promise.resolve();
    this.syncFolderNow();
  }

  rename(from: string, to: string): void {
    this.#call();
    systemFiles.rename(from, to);
    const inode = this.#names.get(basename(from));
    this.#names.delete(basename(from));
    if (inode !== undefined) this.#names.set(basename(to), inode);
  }

  remove(path: string): void {
    this.#call();
    systemFiles.remove(path);
    this.#names.delete(basename(path));
  }

  close(fd: number): void {
    systemFiles.close(fd);
    this.#open.delete(fd);
  }

  #call(otherwise?: 'tears'): Fate {
    if (this.isDead) throw new Error('the process is dead');
    const fate = this.fate(this.calls);
    this.calls += 1;
    if (fate === 'fails' || (fate === 'tears' && otherwise !== 'tears'))
      throw new Error('EIO: the disk failed');
    return fate;
  }

  #opened(path: string, inode: Inode, fd: number): number {
    this.#names.set(basename(path), inode);
    this.#open.set(fd, inode);
    return fd;
  }

  #inode(fd: number): Inode {
    const inode = this.#open.get(fd);
    if (inode === undefined) throw new Error('a file that is not open');
    return inode;
  }

  /** The file as it is on disk once what is dirty is: as long as it is seen to be, and zeros where writes were dropped. */
  #flushed(name: string, { durable, dirty }: Inode): Buffer {
    const seen = readFileSync(join(this.#directory, name));
    const flushed = Buffer.alloc(seen.length);
    durable.copy(flushed);
    for (const sector of dirty)
      seen.copy(flushed, sector * sectorBytes, sector * sectorBytes, (sector + 1) * sectorBytes);
    return flushed;
  }
}
