import { type ApiKeysOptions, apiKeysOptions } from '../../../../filters/auth/api-key/api-keys-options.ts'
import { hashText } from '../../../../filters/auth/api-key/key-hash.ts'
import { loadApiKeys, readKeyFiles } from '../../../../filters/auth/api-key/load-api-keys.ts'

/** A key, and another. */
export const KEY = 'weir_key-of-ann-0123456789'
export const OTHER_KEY = 'weir_key-of-bob-0123456789'
export const SECRET = 'a secret of the gateway with 32 bytes or more\n'

export const sha256 = (key: string): string => hashText(key, undefined)

/** Reads files that a test made up. */
export const reader =
  (files: Readonly<Record<string, string | Buffer>>) =>
  (path: string): Buffer => {
    const found = files[path]
    if (found === undefined) throw new Error(`cannot read "${path}": there is no such file`)
    return Buffer.from(found)
  }

/** The files as a folder of an option names them. */
export const folder = (files: Readonly<Record<string, string | Buffer>>) => ({
  readFile: reader(files),
  listFiles: (path: string) =>
    Object.keys(files).flatMap((name) => (name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : [])),
})

export const optionsOf = (input: unknown): ApiKeysOptions => apiKeysOptions.parse(input)

/** Loads the keys of these options. */
export async function load(input: unknown, files: Readonly<Record<string, string | Buffer>> = {}) {
  const options = optionsOf(input)
  return loadApiKeys(options, readKeyFiles(options, folder(files)))
}

/** The keys of a file with this text. */
export const loadText = (text: string | Buffer) => load({ file: 'keys.yaml' }, { 'keys.yaml': text })
