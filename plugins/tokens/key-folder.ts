import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TokenAlgorithm } from '../../core/index.ts'
import { readSecretFile, syncFolder, TEMPORARY, writeSafely } from './safe-file.ts'
import { type KeyDocument, newKeyDocument, type SigningKey, signingKey } from './signing.ts'

/** Files of other names are none of ours. */
const KEY_FILE = /^([A-Za-z0-9_-]{16,64})\.json$/
const MAX_KEYS = 100
const MAX_KEY_BYTES = 64 * 1024
/** After that time nobody writes to a temporary file any more; milliseconds. */
const LEFT_OVER_MS = 60_000

const fileOf = (dir: string, kid: string): string => join(dir, `${kid}.json`)

/**
 * The signing keys of a folder, the oldest first. Changes nothing.
 * @param warn is told of files that are more open than they need be
 * @throws Error for the operator, which names the file, if one of them is damaged or open to every user, or the folder is not there
 */
export async function readKeys(dir: string, warn: (text: string) => void = () => {}): Promise<SigningKey[]> {
  const folder = await stat(dir).catch((cause: Error) => {
    throw new Error(`cannot read the folder of keys "${dir}": ${cause.message}`, { cause })
  })
  if (!folder.isDirectory()) throw new Error(`"${dir}" is no folder: "keys_dir" names one`)
  if ((folder.mode & 0o002) !== 0)
    throw new Error(`every user of this machine can put keys into "${dir}": run "chmod 700" on it`)
  const kids = (await readdir(dir)).flatMap((name) => KEY_FILE.exec(name)?.[1] ?? []).sort()
  if (kids.length > MAX_KEYS) throw new Error(`"${dir}" holds more than ${MAX_KEYS} keys`)
  const keys: SigningKey[] = []
  for (const kid of kids) {
    const key = await readKey(fileOf(dir, kid), kid, warn)
    if (key !== undefined) keys.push(key)
  }
  return keys.sort((a, b) => a.createdAt - b.createdAt)
}

/** Undefined: it was removed meanwhile. */
async function readKey(file: string, kid: string, warn: (text: string) => void): Promise<SigningKey | undefined> {
  try {
    const { bytes, modifiedAt, openToGroup } = await readSecretFile(file, MAX_KEY_BYTES)
    if (openToGroup) warn(`the group of "${file}" can read or change this key: run "chmod 600" on it`)
    const document = documentOf(bytes)
    if (document.kid !== undefined && document.kid !== kid)
      throw new Error(`its "kid" is not "${kid}", the name of the file`)
    return await signingKey({ created_at: modifiedAt, ...document, kid })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`"${file}" is no usable key: ${(cause as Error).message}`, { cause })
  }
}

function documentOf(bytes: Buffer): KeyDocument {
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The cause quotes the text.
    throw new Error('it is not valid JSON: it may be cut off')
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new Error('a private JWK was expected')
  return document as KeyDocument
}

/**
 * Makes a key and writes it to a file of its own, which only its owner can read; makes the folder where it is not there. The key is on the
 * disk when the promise resolves. A running gateway sees it within half a minute, and signs with it five minutes later.
 * @param now milliseconds since the Unix epoch
 */
export async function writeNewKey(dir: string, algorithm: TokenAlgorithm, now: number): Promise<SigningKey> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const document = await newKeyDocument(algorithm, now)
    const key = await signingKey(document)
    await writeSafely(fileOf(dir, key.kid), 'keep', (handle) => handle.writeFile(textOf(document)))
    return key
  } catch (cause) {
    throw new Error(`cannot write a new key into "${dir}": ${(cause as Error).message}`, { cause })
  }
}

/** Notes in a key's file from when on nothing needs it any more. @throws Error with the file's name */
export async function retireKey(dir: string, key: SigningKey, retiresAt: number): Promise<SigningKey> {
  const file = fileOf(dir, key.kid)
  const { bytes, modifiedAt } = await readSecretFile(file, MAX_KEY_BYTES)
  const document = { created_at: modifiedAt, ...documentOf(bytes), kid: key.kid, retires_at: Math.ceil(retiresAt) }
  const retired = await signingKey(document)
  await writeSafely(file, 'replace', (handle) => handle.writeFile(textOf(document)))
  return retired
}

const textOf = (document: KeyDocument): string => `${JSON.stringify(document, undefined, 2)}\n`

/** Removes a key for good. A key that is not there is no error. */
export async function removeKey(dir: string, kid: string): Promise<void> {
  await rm(fileOf(dir, kid), { force: true })
  await syncFolder(dir)
}

/**
 * Removes what was being written when a process ended.
 * @param now milliseconds since the Unix epoch
 */
export async function removeLeftOvers(dir: string, now: number): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!TEMPORARY.test(name)) continue
    const file = join(dir, name)
    const stats = await stat(file).catch(() => undefined)
    if (stats !== undefined && now - stats.mtimeMs >= LEFT_OVER_MS) await rm(file, { force: true })
  }
}
