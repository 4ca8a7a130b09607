/** Something that is on or off for all editors. */
export class Toggle {
  private readonly watchers = new Set<() => void>();
  private set = false;

  get on(): boolean {
    return this.set;
  }

  /** Turn it on, or off. */
  turn(): void {
    this.set = !this.set;
    for (const watcher of [...this.watchers]) watcher();
  }

  /** Hear when it is turned, until the function that is returned is called. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}
