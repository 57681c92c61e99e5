import * as z from 'zod'

const names = z.record(z.string().min(1), z.array(z.string().min(1)))

export const basicOptions = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .describe('File of `htpasswd` with bcrypt hashes, or scrypt hashes in the PHC form; is required.'),
    roles: names.default({}).describe('Roles of users: `{ ann: [clerk] }`.'),
    scopes: names.default({}).describe('Scopes of users.'),
  })
  .optional()
  .describe('Users with passwords (RFC 7617). Default: none.')

export type BasicOptions = NonNullable<z.output<typeof basicOptions>>
