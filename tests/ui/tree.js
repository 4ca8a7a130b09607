// What is seen of the Branches panel, in one look.
window.tree = {
  get panel() {
    return document.querySelector(".jp-sim-branches:not(.lm-mod-hidden)");
  },

  get list() {
    return this.panel?.querySelector("[role=tree]");
  },

  /** Whether the panel shows a tree. */
  shows() {
    return this.panel !== null && !this.panel.querySelector(".jp-sim-tree.jp-mod-empty");
  },

  look() {
    const rows = this.list?.querySelectorAll("[role=treeitem]:not([hidden])") ?? [];
    return Array.from(rows, (row) => ({
      text: row.querySelector(".jp-sim-words").textContent,
      level: Number(row.getAttribute("aria-level")),
      author: row.dataset.author,
      verdict: row.dataset.verdict,
      branch: row.classList.contains("jp-mod-branch"),
      head: row.classList.contains("jp-mod-head"),
      selected: row.getAttribute("aria-selected") === "true",
      expanded: row.getAttribute("aria-expanded"),
      pinned: row.classList.contains("jp-mod-pinned"),
      unread: row.classList.contains("jp-mod-unread"),
      note: row.querySelector(".jp-sim-remark").textContent,
      tags: Array.from(row.querySelectorAll(".jp-sim-tag"), (tag) => tag.textContent),
      active: row.id === this.list.getAttribute("aria-activedescendant"),
    }));
  },
};
