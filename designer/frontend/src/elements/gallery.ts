/** Pictures of workflows: in the gallery of patterns, and as files of published versions. */
import { pageData } from "../shared/dom";
import { arranged } from "../graph/layout/arrange";
import { catalogOf, type Worker } from "../graph/model/catalog";
import { textOf, type Document } from "../graph/model/document";
import { placesIn } from "../graph/model/nodes";
import { pictureOf, SMALL } from "../graph/layout/picture";

/** Draws the picture of each pattern into the element that names it. */
export async function drawGallery(root: ParentNode): Promise<void> {
  const catalog = catalogOf(pageData<Worker[]>("gallery-workers") ?? []);
  for (const pattern of pageData<Document[]>("gallery-patterns") ?? []) {
    const name = textOf(pattern.name);
    const frame = root.querySelector(`[data-picture="${CSS.escape(name)}"]`);
    const svg = pictureOf(pattern, catalog, placesIn(pattern) ?? await arranged(pattern, "right"), SMALL);
    const picture = new Image();
    picture.alt = `Picture of ${textOf(pattern.title) || name}`;
    picture.src = urlOf(svg);
    frame?.replaceChildren(picture);
  }
}

/** Points the link at a picture of the document that the page shows. */
export async function offerPicture(link: HTMLAnchorElement): Promise<void> {
  const document = pageData<{ document: Document }>("canvas-data")?.document;
  if (!document) return;
  link.href = urlOf(pictureOf(document, catalogOf([]), placesIn(document) ?? await arranged(document, "right")));
  link.hidden = false;
}

function urlOf(svg: string): string {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}
