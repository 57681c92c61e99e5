import { open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { sleep } from '../../core/index.ts'

/** A process that is being replaced may still hold it. */
const PATIENCE_MS = 5000
const AGAIN_MS = 100

/** Holds a file so that no other process does. It is free as soon as the process ends, however that happens. */
export class OwnerLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /**
   * Waits for it, for some seconds.
   * @throws Error for the operator, which names the file, if another one holds it
   */
  static async take(file: string, patienceMs = PATIENCE_MS): Promise<OwnerLock> {
    // Node has no locks of files but those of SQLite. The database stays empty.
    const { DatabaseSync } = await import('node:sqlite')
    try {
      await (await open(file, 'a', 0o600)).close()
    } catch (cause) {
      throw new Error(`cannot lock "${file}": ${(cause as Error).message}`, { cause })
    }
    for (let left = patienceMs; ; left -= AGAIN_MS) {
      const database = new DatabaseSync(file, { timeout: 0 })
      try {
        database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
        return new OwnerLock(database)
      } catch (cause) {
        database.close()
        const { message } = cause as Error
        if (!/locked|busy/i.test(message)) throw new Error(`cannot lock "${file}": ${message}`, { cause })
        if (left <= 0)
          throw new Error(`"${file}" is locked: another gateway issues tokens with the same "state_file"`, { cause })
      }
      await sleep(Math.min(AGAIN_MS, left))
    }
  }

  release(): void {
    this.#database.close()
  }
}
