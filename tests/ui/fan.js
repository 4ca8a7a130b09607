// What is seen of the open fan, in one look, so that it is consistent while text streams.
window.fan = {
  get editor() {
    return document.querySelector(".cm-editor.jp-sim-open");
  },

  look() {
    const { editor } = this;
    const list = editor?.querySelector("[role=listbox]");
    if (!list) return null;
    const ghost = editor.querySelector(".jp-sim-ghost");
    return {
      ghost: ghost?.textContent ?? "",
      rows: Array.from(list.querySelectorAll("[role=option]"), (row) => ({
        id: row.id,
        text: row.querySelector(".jp-sim-text").textContent,
        note: row.querySelector(".jp-sim-note").textContent,
        highlighted: row.getAttribute("aria-selected") === "true",
        running: /jp-mod-(growing|waiting)/.test(row.className),
        offered: !/jp-mod-(off|empty|rejected)/.test(row.className),
        branched: row.classList.contains("jp-mod-branched"),
        rejected: row.classList.contains("jp-mod-rejected"),
      })),
    };
  },

  /** Whether every row has text and none gains more. */
  settled() {
    const seen = this.look();
    return seen !== null && seen.rows.length > 0 && seen.rows.every((row) => !row.running);
  },

  /** Note, at every frame from now on, where the text's first line and the list's first row are
   * painted: an intersection observer looks when all scripts of a frame are done. */
  watch() {
    this.painted = { line: [], row: [] };
    const places = { line: ".cm-line", row: "[role=option]" };
    const note = () => {
      for (const [name, selector] of Object.entries(places)) {
        const element = this.editor?.querySelector(selector);
        if (element) this.observe(element, (top) => this.painted[name].push(top));
      }
      this.watching = requestAnimationFrame(note);
    };
    note();
  },

  observe(element, tell) {
    const observer = new IntersectionObserver(([entry]) => {
      tell(entry.boundingClientRect.top);
      observer.disconnect();
    });
    observer.observe(element);
  },

  /** How far each strayed since `watch`, in pixels, and in how many frames it was seen. */
  strayed() {
    cancelAnimationFrame(this.watching);
    const { line, row } = this.painted;
    const stray = (tops) => Math.max(...tops) - Math.min(...tops);
    return { line: stray(line), row: stray(row), frames: row.length };
  },
};
