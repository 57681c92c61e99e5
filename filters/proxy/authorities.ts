import { X509Certificate } from 'node:crypto'
import { type PemBlock, pemBlocks } from '../../core/index.ts'

/**
 * The certificates of a PEM bundle, as TLS takes them. TLS itself skips what it can't read, and trusts the rest.
 * @param file name of the bundle in messages
 * @throws Error in words for the operator if it has no certificate, or anything in it is no whole certificate
 */
export function authorities(text: string, file: string): string {
  try {
    const blocks = pemBlocks(text)
    if (blocks.length === 0)
      throw new Error('there is no certificate in it; expected PEM ("-----BEGIN CERTIFICATE-----")')
    return blocks.map(certificate).join('')
  } catch (cause) {
    throw new Error(`tls.ca_file "${file}": ${(cause as Error).message}`, { cause })
  }
}

function certificate({ label, text }: PemBlock, index: number): string {
  const which = `block ${index + 1}`
  if (label !== 'CERTIFICATE') throw new Error(`${which} is of type ${label}; expected certificates alone`)
  try {
    new X509Certificate(text)
    return text
  } catch {
    throw new Error(`${which} is no valid certificate: it is damaged or cut off`)
  }
}
