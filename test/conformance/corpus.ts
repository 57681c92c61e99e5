import type { Group } from './case.ts'
import { bodies } from './requests/bodies.ts'
import { chunks } from './requests/chunks.ts'
import { contentLength } from './requests/content-length.ts'
import { expectation } from './requests/expect.ts'
import { fields } from './requests/fields.ts'
import { forwarding } from './requests/forwarding.ts'
import { hopByHop } from './requests/hop-by-hop.ts'
import { host } from './requests/host.ts'
import { limits } from './requests/limits.ts'
import { methods } from './requests/methods.ts'
import { pipelining } from './requests/pipelining.ts'
import { requestLine } from './requests/request-line.ts'
import { targetForms } from './requests/target-forms.ts'
import { targets } from './requests/targets.ts'
import { transferEncoding } from './requests/transfer-encoding.ts'
import { upgrade } from './requests/upgrade.ts'
import { extraBytes } from './responses/extra-bytes.ts'
import { responseFields } from './responses/fields.ts'
import { responseFraming } from './responses/framing.ts'
import { interim } from './responses/interim.ts'
import { noBody } from './responses/no-body.ts'
import { sizeAndTime } from './responses/size-and-time.ts'
import { statusLine } from './responses/status-line.ts'
import { responseTrailers } from './responses/trailers.ts'
import { truncation } from './responses/truncation.ts'

/** What clients send. */
export const REQUESTS: readonly Group[] = [
  contentLength,
  transferEncoding,
  chunks,
  requestLine,
  targets,
  targetForms,
  host,
  fields,
  hopByHop,
  forwarding,
  methods,
  expectation,
  bodies,
  pipelining,
  limits,
  upgrade,
]

/** What upstreams answer. */
export const RESPONSES: readonly Group[] = [
  responseFraming,
  statusLine,
  responseFields,
  interim,
  noBody,
  truncation,
  extraBytes,
  responseTrailers,
  sizeAndTime,
]
