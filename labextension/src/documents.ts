/** Which cell of which document an editor shows; one client for each open document. */

import type { ISharedCell } from "@jupyter/ydoc";
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
  engine(status: Status): void;
  report(message: string): void;
}

/** The open documents. A document's client begins with the first question for one of its cells. */
export class Documents {
  private readonly clients = new WeakMap<Context, Client>();

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

  /** Let the history of a document that is recorded end with what is saved. */
  private watch(context: Context): void {
    context.saveState.connect((_, state) => {
      if (state === "started" && (this.clients.has(context) || mayBeRecorded(context))) {
        this.client(context).tellRecorded(texts(context));
      }
    });
  }

  private client(context: Context): Client {
    const known = this.clients.get(context);
    if (known) return known;
    const { trans, connect, engine, report } = this.options;
    const named = (document: string) => keep(context, document);
    const greeting = () => greet(context);
    const client = new Client({ connect, greeting, named, engine, report });
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

function greet(context: Context): Omit<Hello, "id"> {
  const model = asNotebook(context);
  const document = documentId(model.getMetadata?.(METADATA)?.document);
  const kind = model.cells ? "notebook" : "file";
  return { type: "hello", kind, path: context.localPath, document };
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

/** Keep the document's id in a notebook's metadata. */
function keep(context: Context, document: string): void {
  const model = asNotebook(context);
  const known = model.getMetadata?.(METADATA);
  if (known?.document !== document) model.setMetadata?.(METADATA, { ...known, document });
}
