// The examples of RFC 7515 (appendix A), RFC 7519 (§6.1) and RFC 8037 (appendix A). Their tokens expired in 2011.
import { verify } from 'node:crypto'
import t from 'tap'
import { FilterBench } from '../../../core/testing.ts'
import { publicKeys } from '../../../filters/auth/bearer/verification-key.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { pass, request } from './support.ts'

const CLAIMS = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const STILL_VALID = {
  issuer: 'joe',
  required: true,
  clock_tolerance: '10000d',
  claims: { 'http://example.com/is_root': true },
}

const RSA = {
  kty: 'RSA',
  n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
}
const EC = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}

async function verdict(options: Record<string, unknown>, token: string, baseDir?: string): Promise<unknown> {
  const made = await new FilterBench().make(
    auth,
    { ...STILL_VALID, ...options },
    baseDir === undefined ? {} : { baseDir },
  )
  return pass(request(token), made)
}

t.test('RFC 7515, A.1: HS256 with a secret of any bytes, from a file', async (t) => {
  const secret = Buffer.from(
    'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
    'base64url',
  )
  const baseDir = t.testdir({ secret })
  const token = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`
  t.equal(await verdict({ secret_file: 'secret' }, token, baseDir), undefined)
  t.equal(await verdict({ secret_file: 'secret' }, `${token.slice(0, -1)}l`, baseDir), '401 token_invalid')
  t.equal(await verdict({ secret_file: 'secret', clock_tolerance: '1d' }, token, baseDir), '401 token_expired')
})

t.test('RFC 7515, A.2: RS256', async (t) => {
  const token = `eyJhbGciOiJSUzI1NiJ9.${CLAIMS}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`
  t.equal(await verdict({ public_key: JSON.stringify(RSA) }, token), undefined)
  t.equal(await verdict({ public_key: JSON.stringify(EC) }, token), '401 token_invalid')
})

t.test('RFC 7515, A.3: ES256', async (t) => {
  const token = `eyJhbGciOiJFUzI1NiJ9.${CLAIMS}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`
  t.equal(await verdict({ public_key: JSON.stringify({ keys: [RSA, EC] }) }, token), undefined)
})

t.test('RFC 7519, 6.1: an unsecured token is refused', async (t) => {
  t.equal(await verdict({ public_key: JSON.stringify(EC) }, `eyJhbGciOiJub25lIn0.${CLAIMS}.`), '401 token_invalid')
})

t.test('RFC 8037, A.2 and A.4: an Ed25519 key, and what it has signed', async (t) => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  const [key] = publicKeys(JSON.stringify(jwk))
  t.strictSame(key!.algorithms, ['EdDSA'])
  const text = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc'
  const signature = 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
  t.ok(verify(null, Buffer.from(text), key!.key, Buffer.from(signature, 'base64url')))
  t.equal(await verdict({ public_key: JSON.stringify(jwk) }, `${text}.${signature}`), '401 token_invalid', 'no claims')
})
