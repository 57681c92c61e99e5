/**
 * Decides, once per request, whether its trace is recorded.
 * @param traceId 32 hex digits
 * @param parentSampled the caller's decision; undefined without a caller, or if it did not decide
 */
export type Sampler = (traceId: string, parentSampled: boolean | undefined) => boolean

/**
 * Samples a share of the traces by the random part of the trace id. So all services with this rule keep the same traces, and a higher
 * ratio keeps all traces of a lower one. R ≥ T, with R the rightmost 56 bits and
 * T = (1 − ratio) · 2⁵⁶ (OpenTelemetry, "Consistent probability sampling", OTEP 235); here their top 52 bits, which a number
 * holds exactly.
 */
export function ratioSampler(ratio: number): Sampler {
  const threshold = Math.round((1 - ratio) * 2 ** 52)
  return (traceId) => Number.parseInt(traceId.slice(18, 31), 16) >= threshold
}

/** Uses the caller's decision if there is one; otherwise `root` decides. */
export function parentBased(root: Sampler): Sampler {
  return (traceId, parentSampled) => parentSampled ?? root(traceId, parentSampled)
}

const always: Sampler = () => true
const never: Sampler = () => false

/**
 * The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name (OpenTelemetry SDK environment variables).
 * @param defaultRatio ratio of the YAML, for unset variables
 * @param warn called with a message for a value that can't be used; then the default counts
 */
export function samplerOf(
  name: string | undefined,
  argument: string | undefined,
  defaultRatio: number | undefined,
  warn: (message: string) => void,
): Sampler {
  const ratio = (): Sampler => ratioSampler(ratioOf(argument, defaultRatio ?? 1, warn))
  switch (name) {
    case undefined:
    case '':
      return defaultRatio === undefined ? parentBased(always) : parentBased(ratioSampler(defaultRatio))
    case 'always_on':
      return always
    case 'always_off':
      return never
    case 'traceidratio':
      return ratio()
    case 'parentbased_always_on':
      return parentBased(always)
    case 'parentbased_always_off':
      return parentBased(never)
    case 'parentbased_traceidratio':
      return parentBased(ratio())
    default:
      warn(`OTEL_TRACES_SAMPLER=${name} is not supported; using parentbased_always_on`)
      return parentBased(always)
  }
}

function ratioOf(argument: string | undefined, otherwise: number, warn: (message: string) => void): number {
  if (argument === undefined || argument.trim() === '') return otherwise
  const ratio = Number(argument)
  if (ratio >= 0 && ratio <= 1) return ratio
  warn(`OTEL_TRACES_SAMPLER_ARG=${argument} is not a number from 0 to 1; using ${otherwise}`)
  return otherwise
}
