/** One thing that `npm run bench:micro` measures. */
export interface MicroCase {
  /** `header list: get the last of 7 fields` */
  readonly name: string
  /** Called again and again. What it returns is kept from being optimised away. */
  run(): unknown
}

/** The fields of a request as its parser hands them over, names and values in turn. */
export const REQUEST_FIELDS: readonly string[] = [
  'Host',
  'api.test:8080',
  'Accept',
  'application/json',
  'Accept-Encoding',
  'gzip, deflate, br',
  'Accept-Language',
  'en-GB,en;q=0.9',
  'User-Agent',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Cookie',
  'session=0123456789abcdef0123456789abcdef; theme=dark',
  'Cache-Control',
  'no-cache',
]
