import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { FilterEnv } from '../../../core/index.ts'
import { didYouMean } from '../../../core/index.ts'
import { ApiKey } from './api-key.ts'
import { ApiKeys } from './api-keys.ts'
import { type ApiKeysOptions, MAX_KEYS } from './api-keys-options.ts'
import { type KeyEntry, keyEntry } from './key-entry.ts'
import { keyEntries } from './key-file.ts'
import { parseKeyHash, secretOf } from './key-hash.ts'

/** What is in the files that the options name. */
export interface ApiKeyFiles {
  readonly lists: readonly { readonly name: string; readonly bytes: Buffer }[]
  readonly secret: Buffer | undefined
}

/** Number of mistakes that one message tells. */
const TOLD = 5

/**
 * Reads the files that the options name.
 * @param readFile that of the filter's environment, so that a change makes the instance anew
 * @throws Error in words for the operator if one can't be read
 */
export function readKeyFiles(
  options: ApiKeysOptions,
  { readFile, listFiles }: Pick<FilterEnv, 'readFile' | 'listFiles'>,
): ApiKeyFiles {
  const { file = [], directory, secret_file } = options
  const inFolder =
    directory === undefined
      ? []
      : within('api_keys.directory', () => listFiles(directory))
          .filter((name) => /\.ya?ml$/.test(name))
          .map((name) => join(directory, name))
  return {
    lists: [...[file].flat(), ...inFolder].map((name) => ({
      name,
      bytes: within('api_keys.file', () => readFile(name)),
    })),
    secret: secret_file === undefined ? undefined : within('api_keys.secret_file', () => readFile(secret_file)),
  }
}

/** A text that is another where anything differs that decides which keys are valid, or where they are sent. */
export function fingerprint(options: ApiKeysOptions, { lists, secret }: ApiKeyFiles): string {
  const hash = createHash('sha256').update(JSON.stringify(options))
  for (const bytes of [...lists.map((list) => list.bytes), ...(secret === undefined ? [] : [secret])])
    hash.update(`\n${bytes.length}\n`).update(bytes)
  return hash.digest('base64url')
}

/**
 * The keys of the options and their files. A list of 100,000 takes seconds, in which the event loop runs.
 * @throws Error that tells the operator every mistake with its place, without a key or a secret
 */
export async function loadApiKeys(options: ApiKeysOptions, { lists, secret }: ApiKeyFiles): Promise<ApiKeys> {
  const loading = new Loading(
    new ApiKeys(secret && within('api_keys.secret_file', () => secretOf(secret))),
    secret !== undefined,
  )
  for (const [i, entry] of (options.keys ?? []).entries()) loading.add(entry, `api_keys.keys[${i}]`)
  for (const { name, bytes } of lists)
    for await (const { place, value, problem } of keyEntries(name, bytes)) {
      if (problem === undefined) loading.check(value, place)
      else loading.fail(place, problem)
    }
  return loading.end()
}

/** One load of a list: checks entries, and collects the mistakes. */
class Loading {
  readonly #keys: ApiKeys
  readonly #hasSecret: boolean
  /** Place of each id. */
  readonly #places = new Map<string, string>()
  readonly #told: string[] = []
  #mistakes = 0

  constructor(keys: ApiKeys, hasSecret: boolean) {
    this.#keys = keys
    this.#hasSecret = hasSecret
  }

  check(value: unknown, place: string): void {
    const { success, data, error } = keyEntry.safeParse(value)
    if (success) this.add(data, place)
    else for (const issue of error.issues) this.fail(place, wordIssue(issue, value))
  }

  add(entry: KeyEntry, place: string): void {
    const { id } = entry
    const first = this.#places.get(id)
    if (first !== undefined) return this.fail(place, `the id "${id}" is that of ${first} too: give each key its own`)
    this.#places.set(id, place)
    if (this.#places.size > MAX_KEYS) throw new Error(`${place}: there are more than ${MAX_KEYS} keys`)
    const hash = parseKeyHash(entry.hash)!
    if (hash.kind === 'hmac-sha256' && !this.#hasSecret)
      return this.fail(place, 'a hash of hmac-sha256 needs its secret: set api_keys.secret_file')
    const other = this.#keys.add(new ApiKey(entry, hash))
    if (other !== undefined)
      this.fail(place, `the hash is that of ${this.#places.get(other.id)} too: a key has one entry, remove the other`)
  }

  fail(place: string, problem: string): void {
    this.#mistakes++
    if (this.#told.length < TOLD) this.#told.push(`${place}: ${problem}`)
  }

  end(): ApiKeys {
    const more = this.#mistakes - this.#told.length
    if (more > 0) this.#told.push(`and ${more} more`)
    if (this.#mistakes > 0) throw new Error(this.#told.join('; '))
    return this.#keys
  }
}

interface Issue {
  readonly code: string
  readonly message: string
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
}

/** A mistake in an entry, for the operator. The value is not repeated: it may be a key. */
function wordIssue({ code, message, path, keys = [] }: Issue, value: unknown): string {
  if (code === 'unrecognized_keys') return keys.map(unknownName).join('; ')
  const [name, index] = path
  if (name === undefined) return message
  if ((value as Record<PropertyKey, unknown>)[name] === undefined) return `"${String(name)}" is missing`
  return `${String(name)}${index === undefined ? '' : `[${String(index)}]`}: ${message}`
}

const NAMES = Object.keys(keyEntry.shape)

function unknownName(name: string): string {
  if (/^(?:api_?)?key$/i.test(name))
    return `"${name}": a key itself must not stand here. Set "hash" to what "weir keys hash" prints for it`
  // A long name may be a key that got to the wrong place.
  return /^\w{1,32}$/.test(name) ? `unknown name "${name}".${didYouMean(name, NAMES)}` : 'an unknown name'
}

/** @throws the same error, with the option it is about */
function within<T>(option: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Error(`${option}: ${(cause as Error).message}`, { cause })
  }
}
