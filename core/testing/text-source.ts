import { FileConfigSource } from '../../config/live/file-config-source.ts'
import type { ConfigInputs, ConfigSource } from '../control/config-source.ts'

/** A main document that is a text in memory; what it includes are files. Nothing is watched. */
export class TextSource implements ConfigSource {
  readonly main: string
  text: string
  readonly #files: FileConfigSource

  /** @param main path that the text has for messages, and that relative paths start from */
  constructor(main: string, text: string) {
    this.main = main
    this.text = text
    this.#files = new FileConfigSource(main)
  }

  async read(name: string): Promise<Buffer> {
    return name === this.main ? Buffer.from(this.text) : this.#files.read(name)
  }

  expand(pattern: string): Promise<readonly string[]> {
    return this.#files.expand(pattern)
  }

  async watch(_uses: ConfigInputs, _changed: () => void): Promise<() => Promise<void>> {
    return async () => {}
  }

  async write(name: string, bytes: Buffer, before: Buffer): Promise<boolean> {
    if (name !== this.main) return this.#files.write(name, bytes, before)
    if (!Buffer.from(this.text).equals(before)) return false
    this.text = bytes.toString()
    return true
  }
}
