/** Why a request was not carried out: the protocol's code and a sentence. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
