import type { Body } from '../../api/body.ts'
import type { HeaderList } from '../../api/header-list.ts'

/** The whole of a body and what came behind it. Rejects with the error that broke it off. */
export function collect(body: Body): Promise<{ bytes: Buffer; trailers: HeaderList | undefined }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    body.pipe({
      write: (chunk) => {
        chunks.push(Buffer.from(chunk))
        return true
      },
      end: (trailers) => resolve({ bytes: Buffer.concat(chunks), trailers }),
      fail: reject,
    })
  })
}
