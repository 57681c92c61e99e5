import * as z from 'zod'
import { duration } from '../../core/index.ts'
import { ALGORITHMS } from './bearer/algorithms.ts'
import { headerName } from './option-parts.ts'

const text = (what: string) => z.string().min(1).optional().describe(what)

export const identityTokenOptions = z
  .strictObject({
    header: headerName
      .default('X-Identity-Token')
      .describe('Field with the token. `Authorization` gets it as `Bearer`, in place of what the client sent.'),
    secret_file: text('File with the secret that signs, 32 bytes or more. This or `private_key_file` is required.'),
    private_key_file: text('File with the private key that signs, as PEM (PKCS #8). Default: none.'),
    algorithm: z
      .enum(ALGORITHMS)
      .optional()
      .describe('Signature algorithm. Default: HS256 for a secret, what its kind implies for a private key.'),
    key_id: text('`kid` in the header of the token. Default: none.'),
    issuer: z.string().min(1).default('weir').describe('`iss` of the token.'),
    audience: text('`aud` of the token. Default: the id of the endpoint.'),
    ttl: duration()
      .refine((ms) => ms >= 2000, { error: 'expected 2 s or more' })
      .prefault('1m')
      .describe('Validity. A token is used again for half of it.'),
  })
  .refine((value) => (value.secret_file === undefined) !== (value.private_key_file === undefined), {
    error: 'set either secret_file or private_key_file',
  })

export type IdentityTokenOptions = z.output<typeof identityTokenOptions>
