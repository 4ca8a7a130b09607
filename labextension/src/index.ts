/** The JupyterLab plugin: fans in every editor, their commands and keys, the status bar's item. */

import { fans, type Status, Toggle } from "@jupyter-sim/core";
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { EditorExtensionRegistry, IEditorExtensionRegistry } from "@jupyterlab/codemirror";
import { IEditorTracker } from "@jupyterlab/fileeditor";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import type { Widget } from "@lumino/widgets";
import { addCommands } from "./commands";
import { addContext, ContextPanel } from "./context";
import { CurationItem } from "./curation";
import { Current } from "./current";
import { Documents } from "./documents";
import { addExplore } from "./explore";
import { Framings } from "./framings";
import { hostOf, type Surroundings } from "./host";
import { keyLabel, routeKeys } from "./keys";
import { addPanel, BranchesPanel } from "./panel";
import { addPresets } from "./presets";
import { addReplay, REPLAY } from "./replay";
import { FanSettings } from "./settings";
import { SharesItem } from "./shares";
import { Shelves } from "./shelf";
import { StatusItem } from "./status";
import { fetchStatus, overWebSocket } from "./transport";
import { addTreeCommands } from "./treecommands";

const ID = "jupyter-sim:plugin";

function activate(
  app: JupyterFrontEnd,
  extensions: IEditorExtensionRegistry,
  notebooks: INotebookTracker | null,
  editors: IEditorTracker | null,
  registry: ISettingRegistry | null,
  palette: ICommandPalette | null,
  statusBar: IStatusBar | null,
  restorer: ILayoutRestorer | null,
  translator: ITranslator | null,
): void {
  const trans = (translator ?? nullTranslator).load("jupyter_sim");
  const { serverSettings } = app.serviceManager;
  const settings = new FanSettings();
  const item = new StatusItem(trans);
  const report = (message: string) => void Notification.error(message, { autoClose: false });
  const documents = new Documents({
    trans,
    connect: overWebSocket(serverSettings, trans),
    notebooks,
    editors,
    shelves: Shelves.isPossible ? new Shelves(serverSettings.baseUrl, unshelved) : null,
    engine: (status) => item.tell(status),
    lost: (reason) => item.lose(reason),
    inform: (message) => void Notification.info(message, { autoClose: 8000 }),
    report,
  });
  const framings = new Framings(documents);
  const key = keyLabel.bind(null, app.commands);
  const authorship = new Toggle();
  addEditors(extensions, { trans, documents, settings, framings, authorship, key, report });
  const current = new Current(app, { notebooks, editors }, documents);
  addCommands(app, current, palette, trans);
  const replay = () => void app.commands.execute(REPLAY);
  const curation = new CurationItem({ trans, current, replay });
  const panel = new BranchesPanel({
    trans,
    current,
    authorship,
    curation: statusBar ? null : curation,
    replay,
    key,
    report,
  });
  addPanel(app, panel, restorer, palette, trans);
  addTreeCommands(app, panel, palette, trans);
  addContext(app, new ContextPanel(trans, current, framings), restorer, palette, trans);
  addPresets(app, current, settings, palette, trans);
  addExplore({ app, current, trans, plan: () => settings.plan }, palette);
  addReplay(app, { notebooks, editors }, palette, trans);
  routeKeys(app.commands);
  statusBar?.registerStatusItem(ID, { item, align: "right", rank: 100 });
  const shares = new SharesItem(trans, current, authorship);
  // The bar shows again what hides by itself, unless it is told not to.
  const own = (item: Widget) => ({ item, priority: 1, isActive: () => !item.isHidden });
  statusBar?.registerStatusItem(`${ID}-shares`, { ...own(shares), align: "right", rank: 99 });
  statusBar?.registerStatusItem(`${ID}-curation`, { ...own(curation), align: "right", rank: 98 });
  void fetchStatus(serverSettings).then(
    (status: Status) => item.tell(status),
    (error: Error) => console.warn(`jupyter-sim: ${error.message}`),
  );
  if (registry)
    void app.restored
      .then(() => registry.load(ID))
      .then((it) => {
        settings.follow(it);
        framings.follow(it);
      });
}

/** Without the shelf all works as long as the page lives. */
function unshelved({ message }: Error): void {
  console.warn(`jupyter-sim: what is not saved yet cannot outlive this page: ${message}`);
}

function addEditors(extensions: IEditorExtensionRegistry, around: Surroundings): void {
  extensions.addExtension({
    name: "jupyter-sim",
    factory: ({ model }) =>
      EditorExtensionRegistry.createImmutableExtension(fans(hostOf(model, around))),
  });
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Continuations of a base model, judged in the cell",
  autoStart: true,
  requires: [IEditorExtensionRegistry],
  optional: [
    INotebookTracker,
    IEditorTracker,
    ISettingRegistry,
    ICommandPalette,
    IStatusBar,
    ILayoutRestorer,
    ITranslator,
  ],
  activate,
};

export default plugin;
