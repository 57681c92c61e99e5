import * as z from 'zod'
import { defineFilter, RouteSlot, size, WeirError } from '../../core/index.ts'

const options = z.strictObject({
  max_size: size()
    .prefault('10MiB')
    .describe('Largest body of a request, in bytes of its content. A larger one gets 413.'),
})

export const bodyLimit = defineFilter({
  name: 'body-limit',
  apiVersion: 1,
  summary: 'Refuses requests whose body is too large.',
  prompt: true,
  options,
  offline: true,
  reads: [RouteSlot],
  create: ({ max_size: max }) => ({
    routed({ request: { body } }) {
      // RFC 9110 §15.5.14. A body without a declared length is counted as it passes.
      if (body.length === undefined) body.limit(max)
      else if (body.length > max) throw new WeirError('request_body_too_large')
    },
  }),
})
