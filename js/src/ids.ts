/** Ids. Those of requests, fans and draws are 128 random bits, in hexadecimal. */

/** A new id. `crypto.randomUUID` would do, but pages that a hub serves over plain HTTP lack it. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A document's id as a file's metadata has it, or null where that is none the server would take. */
export function documentId(noted: unknown): string | null {
  return typeof noted === "string" && /^[A-Za-z0-9-]{8,64}$/.test(noted) ? noted : null;
}
