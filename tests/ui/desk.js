// What the tests ask of JupyterLab's own objects; loaded into every page before its own scripts.
window.desk = {
  get widget() {
    return jupyterapp.shell.currentWidget;
  },

  /** Whether the extension's keys are known; in Notebook they come late. */
  hasKeys() {
    return jupyterapp.commands.keyBindings.some(({ command }) => command === "jupyter-sim:propose");
  },

  get kernel() {
    return this.widget.context.sessionContext.session?.kernel;
  },

  /** The notebook cell `index`, or the active one; the file editor itself in a text file. */
  cell(index) {
    const content = this.widget.content;
    return index === undefined ? (content.activeCell ?? content) : content.widgets[index];
  },

  text(index) {
    return this.cell(index).model.sharedModel.getSource();
  },

  /** Put the caret before UTF-16 unit `offset`; from the end of the text when negative. */
  moveCaret(offset) {
    const editor = this.cell().editor;
    const at = offset < 0 ? this.text().length + 1 + offset : offset;
    editor.setCursorPosition(editor.getPositionAt(at));
  },

  /** Whether what is typed now goes into the text. */
  writing() {
    const { content } = this.widget;
    return (content.mode ?? "edit") === "edit" && this.cell().editor?.hasFocus() === true;
  },

  async open(path, kernelPreference) {
    const widget = await jupyterapp.commands.execute("docmanager:open", {
      path,
      kernelPreference,
    });
    await widget.revealed;
    await widget.context.ready;
    jupyterapp.shell.activateById(widget.id);
  },

  async edit(index) {
    for (const button of document.querySelectorAll(".jp-Dialog .jp-mod-reject")) button.click();
    const { content, context, revealed } = this.widget;
    await Promise.all([context.ready, revealed]);
    if (content.widgets) {
      content.activeCellIndex = index;
      await content.scrollToItem(index);
      await jupyterapp.commands.execute("notebook:enter-edit-mode");
    } else {
      content.editor.focus();
    }
  },

  async service(name) {
    const tokens = Array.from(jupyterapp.pluginRegistry._services.keys());
    return jupyterapp.resolveRequiredService(tokens.find((token) => token.name === name));
  },

  /** Whether a request of this type waits in the browser's database. */
  async shelved(type) {
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await done(indexedDB.open("jupyter-sim"));
    const rows = await done(database.transaction("requests").objectStore("requests").getAll());
    database.close();
    return rows.some(({ request }) => request.type === type);
  },

  /** Set some of the plugin's settings, or take all settings of the user back. */
  async set(values) {
    const registry = await this.service("@jupyterlab/coreutils:ISettingRegistry");
    const settings = await registry.load("jupyter-sim:plugin");
    for (const name of values ? [] : Object.keys(settings.user)) await settings.remove(name);
    for (const [name, value] of Object.entries(values ?? {})) await settings.set(name, value);
  },

  async closeAll() {
    for (const widget of Array.from(jupyterapp.shell.widgets("main"))) {
      await widget.context?.sessionContext?.shutdown();
      widget.dispose();
    }
  },
};
