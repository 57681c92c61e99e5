import type { FileDigests } from '../base/file-digests.ts'

/** The code of plugins that a process has loaded: for each, by the name that the configuration gives it, digests of its files. */
export type PluginCode = ReadonlyMap<string, FileDigests>
