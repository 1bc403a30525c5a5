// The file operations that the disk engine needs, and no more, so that a simulated disk can stand in
// for the real one and lose what was not synced. Real files: `real-vfs.ts`.

export type OpenMode = 'create' | 'read' | 'readWrite'

export type FileIdentity = {
  /** The same for all names of a file. */
  readonly file: string
  /** The name is a symbolic link. */
  readonly isLink: boolean
}

export interface VfsFile {
  /** Fills `into` from `position` on; answers the bytes read, fewer only at the end of the file. */
  read(into: Buffer, position: number): Promise<number>
  /** Writes all of the pieces one after the other, or throws (then any part may be written). */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  /** Makes data and length durable. Once it has thrown, nothing is known of what was not synced. */
  datasync(): Promise<void>
  truncate(bytes: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

export interface Vfs {
  /** `create` fails with EEXIST when the file is there, the others with ENOENT when it is not. */
  open(path: string, mode: OpenMode): Promise<VfsFile>
  /** Names in a directory. */
  list(directory: string): Promise<string[]>
  makeDirectory(path: string): Promise<void>
  /** `undefined`: no file, nor a symbolic link to one; a directory, a pipe, or a link to nowhere. */
  identify(path: string): Promise<FileIdentity | undefined>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Makes creations, renames and removals of names in this directory durable. */
  syncDirectory(path: string): Promise<void>
  /** Bytes an ordinary user can still write to the file system of `path`. */
  freeBytes(path: string): Promise<number>
  /** How large the file system of `path` is. */
  totalBytes(path: string): Promise<number>
  /**
   * Sees to it that the first `bytes` of a file have their place on the disk, so that writing them can
   * meet no want of room. Makes and lengthens the file; changes nothing that is written in it.
   */
  allocate(path: string, bytes: number): Promise<void>
  /** Names this run of the operating system. `undefined`: cannot be told here. */
  bootId(): Promise<string | undefined>
}

/** The `code` of a file system error, as Node names it. */
export function errorCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined
  return typeof cause.code === 'string' ? cause.code : undefined
}
