/** Which cell of which document an editor shows; one client for each open document. */

import type { ISharedCell, YNotebook } from "@jupyter/ydoc";
import {
  type Cell,
  Client,
  type Connect,
  documentId,
  type Hello,
  type Snapshot,
  type Status,
} from "@jupyter-sim/core";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { IEditorTracker } from "@jupyterlab/fileeditor";
import type { INotebookModel, INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import { UUID } from "@lumino/coreutils";
import { type Put, repairIds, watchCells } from "./cells";
import type { Shelves } from "./shelf";

/** The key of a notebook's metadata under which the document's id is kept. */
const METADATA = "jupyter_sim";
/** The one cell of a text file. */
const TEXT = "text";

type Context = DocumentRegistry.IContext<DocumentRegistry.IModel>;

/** What the documents need from the program around them. */
export interface DocumentsOptions {
  trans: TranslationBundle;
  connect: Connect;
  notebooks: INotebookTracker | null;
  editors: IEditorTracker | null;
  /** Where requests outlive their page; null where the browser keeps nothing. */
  shelves: Shelves | null;
  engine(status: Status): void;
  lost(reason: string): void;
  inform(message: string): void;
  report(message: string): void;
}

/** What a document's metadata holds for this program. */
export type Metadata = Readonly<Record<string, unknown>>;

/** The open documents. A document's client begins with the first question for one of its cells. */
export class Documents {
  private readonly clients = new WeakMap<Context, Client>();
  /** What text files, which have no metadata, remember while they are open. */
  private readonly notes = new WeakMap<Context, Metadata>();
  /** The texts that were loaded, before anything was written here. */
  private readonly found = new WeakMap<Context, Snapshot[]>();

  constructor(private readonly options: DocumentsOptions) {
    const watch = ({ context }: { context: Context }) => this.watch(context);
    for (const tracker of [options.notebooks, options.editors]) {
      tracker?.forEach(watch);
      tracker?.widgetAdded.connect((_, widget) => watch(widget));
    }
  }

  /** The cell that an editor of `model` shows; null where it belongs to no document. */
  cell(model: CodeEditor.IModel): Cell | null {
    const panel = this.panel(model);
    if (panel) return { id: sharedCell(model)?.getId() ?? "", client: this.client(panel.context) };
    const file = this.options.editors?.find((widget) => isModel(widget.context, model));
    return file ? { id: TEXT, client: this.client(file.context) } : null;
  }

  /** The notebook that an editor of `model` stands in. */
  panel(model: CodeEditor.IModel): NotebookPanel | null {
    const notebook = sharedCell(model)?.notebook;
    if (!notebook) return null;
    const { notebooks } = this.options;
    return notebooks?.find(({ context }) => context.model.sharedModel === notebook) ?? null;
  }

  /** What is kept with the document of an editor of `model`. */
  metadata(model: CodeEditor.IModel): Metadata {
    const context = this.context(model);
    if (!context) return {};
    return asNotebook(context).getMetadata?.(METADATA) ?? this.notes.get(context) ?? {};
  }

  /** Keep something more with it. */
  note(model: CodeEditor.IModel, change: Metadata): void {
    const context = this.context(model);
    if (!context) return;
    const notebook = asNotebook(context);
    const known = { ...this.metadata(model), ...change };
    if (notebook.setMetadata) notebook.setMetadata(METADATA, known);
    else this.notes.set(context, known);
  }

  /** The cells that stand above that of an editor of `model` and say something. */
  above(model: CodeEditor.IModel): { cell: string; text: string }[] {
    const context = this.panel(model)?.context;
    const id = sharedCell(model)?.getId();
    const all = context ? texts(context) : [];
    const here = all.findIndex(({ cell }) => cell === id);
    return all.slice(0, Math.max(0, here)).filter(({ text }) => text.trim() !== "");
  }

  private context(model: CodeEditor.IModel): Context | null {
    const file = this.options.editors?.find((widget) => isModel(widget.context, model));
    return this.panel(model)?.context ?? file?.context ?? null;
  }

  /** Let the history of a document that is recorded begin with what is loaded, follow its cells, and
   * end with what is saved. */
  private watch(context: Context): void {
    void context.ready.then(() => this.loaded(context)).then(() => this.search(context));
    context.saveState.connect((_, state) => {
      if (state === "started" && (this.clients.has(context) || mayBeRecorded(context))) {
        this.client(context).tellRecorded(texts(context));
      }
    });
  }

  /** Tell the document at once what a lost page left for it. */
  private async search(context: Context): Promise<void> {
    const { shelves } = this.options;
    if (await shelves?.holds(shelfName(context))) this.client(context).tellRecorded([]);
  }

  private loaded(context: Context): void {
    this.found.set(context, texts(context));
    const notebook = context.model.sharedModel as unknown as YNotebook;
    if (!asNotebook(context).cells || !("ydoc" in notebook)) return;
    const stop = watchCells(notebook, (put) => this.put(context, put));
    context.disposed.connect(stop);
    if (mayBeRecorded(context)) repairIds(notebook, () => UUID.uuid4());
  }

  /** Tell what became of a cell, where the document is recorded. */
  private put(context: Context, put: Put): void {
    if (!mayBeRecorded(context)) return;
    this.client(context)
      .tell({ type: "put", ...put })
      .catch(({ message }: Error) => this.options.report(message));
  }

  private client(context: Context): Client {
    const known = this.clients.get(context);
    if (known) return known;
    const { trans, connect, engine, lost, inform, report } = this.options;
    const shelf = this.options.shelves?.shelf(shelfName(context));
    const salvaged = (count: number) =>
      inform(
        trans._n(
          "%1 thing that could not be saved when this document was last open is being saved now.",
          "%1 things that could not be saved when this document was last open are being saved now.",
          count,
        ),
      );
    const named = (document: string) => keep(context, document);
    const greeting = () => greet(context);
    const found = () => this.found.get(context) ?? [];
    const client = new Client({
      connect,
      greeting,
      named,
      found,
      engine,
      lost,
      report,
      salvaged,
      ...(shelf ? { shelf } : {}),
    });
    context.pathChanged.connect(() => client.renew(trans.__("The document was renamed.")));
    context.disposed.connect(() => client.dispose());
    this.clients.set(context, client);
    return client;
  }
}

/** Whether an editor of `model` shows code that runs, not prose. */
export function isCode(model: CodeEditor.IModel): boolean {
  return sharedCell(model)?.cell_type === "code";
}

function sharedCell({ sharedModel }: CodeEditor.IModel): ISharedCell | null {
  return "cell_type" in sharedModel ? (sharedModel as unknown as ISharedCell) : null;
}

function isModel(context: Context, model: CodeEditor.IModel): boolean {
  return (context.model.sharedModel as object) === model.sharedModel;
}

/** A document's model, seen as a notebook's; a text file's has none of these. */
function asNotebook(context: Context): Partial<INotebookModel> {
  return context.model as Partial<INotebookModel>;
}

/** How the server knows a document. */
export function greet(context: Context): Omit<Hello, "id"> {
  const model = asNotebook(context);
  const document = documentId(model.getMetadata?.(METADATA)?.document);
  const kind = model.cells ? "notebook" : "file";
  return { type: "hello", kind, path: context.localPath, document };
}

/** What a document is called on the shelf, before it has an id. */
function shelfName(context: Context): string {
  const { kind, path } = greet(context);
  return `${kind} ${path}`;
}

/** A notebook says whether it has a history; of a file, only the server knows. */
function mayBeRecorded(context: Context): boolean {
  const { document, kind } = greet(context);
  return kind === "file" || document !== null;
}

function texts(context: Context): Snapshot[] {
  const { cells } = asNotebook(context);
  if (!cells) return [{ cell: TEXT, text: context.model.toString(), undo: false }];
  return Array.from(cells, ({ sharedModel }) => ({
    cell: sharedModel.getId(),
    text: sharedModel.getSource(),
    undo: false,
  }));
}

/** Keep the document's id in a notebook's metadata, and the ids of its cells, by which its history knows
 * them: before nbformat 4.5 they were dropped when it was saved. */
function keep(context: Context, document: string): void {
  const model = asNotebook(context);
  const notebook = model.sharedModel as Partial<YNotebook> | undefined;
  if (notebook?.nbformat === 4 && (notebook.nbformat_minor ?? 5) < 5) notebook.nbformat_minor = 5;
  const known = model.getMetadata?.(METADATA);
  if (known?.document !== document) model.setMetadata?.(METADATA, { ...known, document });
}
