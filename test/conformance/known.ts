/**
 * Cases that Weir fails, by what they have in common; `docs/reference/http.md` tells users of each. One that passes fails the
 * test, so that the list only shrinks.
 */
export const KNOWN: readonly { readonly why: string; readonly cases: readonly string[] }[] = [
  {
    why: 'llhttp does not trim white space behind chunked',
    cases: [
      'framing by coding/Transfer-Encoding: chunked \\t is understood',
      'response framing/Transfer-Encoding: chunked \\t is understood',
    ],
  },
  {
    why: 'llhttp obeys Connection in a trailer section, and refuses the next request',
    cases: ['chunks/trailer Connection: close does nothing'],
  },
  {
    why: 'llhttp takes RTSP for HTTP where the method is one of both, and does not say so',
    cases: ['request line/version RTSP/1.0'],
  },
  {
    why: 'undici sends the head with the first byte of the body',
    cases: ['bodies/the head goes on before there is a body, and may be answered'],
  },
  {
    why: "undici's parser takes other versions, and does not say so",
    cases: [
      'response status line/bad status line, HTTP/2.0 200 OK',
      'response status line/bad status line, HTTP/0.9 200 OK',
    ],
  },
  {
    why: 'undici takes an interim 100 for an error',
    cases: ['response interim/100 is not the answer'],
  },
  {
    why: 'undici reads Content-Length in a trailer section',
    cases: ['response trailers/trailer Content-Length: 3 stays out of the head'],
  },
  {
    why: 'undici does not limit the length of a status line',
    cases: ['response size and time/a status line of 200 KB'],
  },
]
