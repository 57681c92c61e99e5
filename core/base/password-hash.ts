import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** A password as a file has it. */
export interface PasswordHash {
  /** Whether the password is the one. In a thread of its own; takes milliseconds. */
  matches(password: string): Promise<boolean>
  /** A hash of another password, which takes as long. */
  decoy(): PasswordHash
  /** Says roughly how long it takes, of bcrypt and scrypt alike: doubles with each step. */
  readonly cost: number
}

/** What OWASP asks of scrypt at least: 32 MiB, and some 0.2 s of a processor. */
const NEW = { ln: 15, r: 8, p: 3 }

/** bcrypt takes a second of a processor with 14, scrypt with 2^17 and r = 8: a file with more would be a way to stop the gateway. */
const MAX_BCRYPT_COST = 14
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024
/** What bcrypt reads of a password: it would ignore the rest. */
const BCRYPT_BYTES = 72
/** bcrypt with a cost of 1 takes as long as scrypt with N · r · p of this power of two (measured). */
const BCRYPT_STEPS = 7

/**
 * A hash as it stands in a file: bcrypt (`$2a$`, `$2b$`, `$2y$`) or scrypt in the PHC form (`$scrypt$ln=15,r=8,p=1$salt$hash`).
 * @throws Error for the operator, without the hash
 */
export function passwordHash(text: string): PasswordHash {
  if (/^\$2[aby]\$/.test(text)) return bcryptHash(text)
  if (text.startsWith('$scrypt$')) return scryptHash(text)
  throw new Error(
    `${kindOf(text)}; expected bcrypt or scrypt: make one with "htpasswd -nB USER" or "weir token hash-password"`,
  )
}

/**
 * A hash of the password, with a salt of its own, for a file. In a thread of its own.
 *
 * @example const line = `ann:${await newPasswordHash('correct horse')}` // ann:$scrypt$ln=15,r=8,p=3$…$…
 */
export function newPasswordHash(password: string): Promise<string> {
  const { ln, r, p } = NEW
  const salt = randomBytes(16)
  const options = { N: 2 ** ln, r, p, maxmem: 2 * 128 * 2 ** ln * r }
  return new Promise((resolve, reject) =>
    scrypt(password, salt, 32, options, (error, key) =>
      error ? reject(error) : resolve(`$scrypt$ln=${ln},r=${r},p=${p}$${phcBase64(salt)}$${phcBase64(key)}`),
    ),
  )
}

const phcBase64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

function kindOf(text: string): string {
  if (text.startsWith('$apr1$')) return 'the password is hashed with MD5 (apr1), which is broken'
  if (text.startsWith('{SHA}')) return 'the password is hashed with SHA-1 without a salt, which is broken'
  if (/^\$[156y]\$/.test(text)) return 'the password is hashed with crypt'
  if (text.startsWith('$argon2')) return 'the password is hashed with Argon2, which is not built in'
  return 'the password is plain text, or hashed in a way that is not known'
}

function bcryptHash(text: string): PasswordHash {
  const cost = Number(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text)?.[1] ?? Number.NaN)
  if (!(cost >= 4)) throw new Error('the bcrypt hash is cut off, or not one')
  if (cost > MAX_BCRYPT_COST) throw new Error(`the bcrypt hash has a cost of ${cost}, more than ${MAX_BCRYPT_COST}`)
  return {
    cost: cost + BCRYPT_STEPS,
    // A longer one takes as long: otherwise it would show which users have such a hash.
    matches: async (password) => (await bcryptVerifies(password, text)) && Buffer.byteLength(password) <= BCRYPT_BYTES,
    decoy: () => bcryptHash(`$2b$${text.slice(4, 6)}$${'.'.repeat(22)}${'x'.repeat(31)}`),
  }
}

/** Loaded where it is used: few gateways have such hashes. */
async function bcryptVerifies(password: string, text: string): Promise<boolean> {
  const { verify } = await import('@node-rs/bcrypt')
  return verify(password, text)
}

const SCRYPT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

function scryptHash(text: string): PasswordHash {
  const [, ln, r, p, salt = '', hash = ''] = SCRYPT.exec(text) ?? []
  if (ln === undefined)
    throw new Error('the scrypt hash is cut off, or not in the form $scrypt$ln=15,r=8,p=1$salt$hash')
  const options = { N: 2 ** Number(ln), r: Number(r), p: Number(p) }
  const bytes = 128 * options.N * options.r
  if (bytes > MAX_SCRYPT_BYTES || options.p > 4)
    throw new Error('the scrypt hash needs more than 256 MiB of memory, or p above 4')
  return scryptOf(
    Buffer.from(salt, 'base64'),
    Buffer.from(hash, 'base64'),
    { ...options, maxmem: 2 * bytes + 1024 * 1024 },
    Math.log2(options.N * options.r * options.p),
  )
}

type ScryptOptions = Required<Pick<import('node:crypto').ScryptOptions, 'N' | 'r' | 'p' | 'maxmem'>>

function scryptOf(salt: Buffer, hash: Buffer, options: ScryptOptions, cost: number): PasswordHash {
  if (hash.length < 16) throw new Error('the scrypt hash has less than 16 bytes')
  return {
    cost,
    matches: (password) =>
      new Promise((resolve, reject) =>
        scrypt(password, salt, hash.length, options, (error, key) =>
          error ? reject(error) : resolve(timingSafeEqual(key, hash)),
        ),
      ),
    decoy: () => scryptOf(salt, randomBytes(hash.length), options, cost),
  }
}
