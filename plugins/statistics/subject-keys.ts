/** Key of what happened in the whole gateway. Figures under it alone are of no endpoint. */
export const GATEWAY = ''

/** The key of an endpoint, or of a target: neither an id nor a URL has a line break. */
export const keyOf = (endpoint: string, target?: string): string =>
  target === undefined ? endpoint : `${endpoint}\n${target}`

/** Whether it is that of a target, whose attempts are counted, not requests. */
export const isTarget = (key: string): boolean => key.includes('\n')
