import { sleep } from '../base/timer.ts'
import type { TokenNews } from '../control/tokens.ts'
import type { Question } from '../fleet/messages.ts'

/** How long a worker may take to confirm what it was told; milliseconds. */
const CONFIRM_MS = 2000
/** How long one that did not is left alone before it is told everything again; milliseconds. */
const AGAIN_MS = 1000

/** Who is told. */
export interface Told {
  readonly link: { ask(question: Question, timeoutMs: number): Promise<unknown> }
}

/**
 * Tells workers what they must know of the gateway's own tokens. One that starts is told everything before it is told to load: messages
 * keep their order, so it knows when it opens its listeners. One that does not confirm some news is told everything again until it does,
 * or is gone.
 */
export class TokenNewsSender<Member extends Told> {
  readonly #all: () => TokenNews
  readonly #members = new Set<Member>()
  /** Those that have not confirmed something. */
  readonly #behind = new Set<Member>()

  /** @param all what a worker that starts must know */
  constructor(all: () => TokenNews) {
    this.#all = all
  }

  /** It can be talked to. */
  joined(member: Member): void {
    this.#members.add(member)
    void this.#catchUp(member)
  }

  left(member: Member): void {
    this.#members.delete(member)
    this.#behind.delete(member)
  }

  /**
   * Resolves when all have confirmed it that are still there.
   * @throws Error if one has not within two seconds: it is told again later
   */
  async tell(news: TokenNews): Promise<void> {
    const confirmed = await Promise.all(
      [...this.#members].map(async (member) => {
        if (await this.#ask(member, news)) return true
        void this.#catchUp(member)
        return false
      }),
    )
    if (confirmed.includes(false)) throw new Error('a worker has not confirmed news of tokens in time')
  }

  /** Tells it everything, until it has confirmed that. */
  async #catchUp(member: Member): Promise<void> {
    if (this.#behind.has(member)) return
    this.#behind.add(member)
    while (this.#members.has(member)) {
      if (await this.#ask(member, this.#all())) break
      await sleep(AGAIN_MS)
    }
    this.#behind.delete(member)
  }

  /** Whether it has confirmed it. Nobody that is gone must know anything. */
  async #ask(member: Member, news: TokenNews): Promise<boolean> {
    const answer = await member.link.ask({ kind: 'token-news', news }, CONFIRM_MS)
    return answer === true || !this.#members.has(member)
  }
}
