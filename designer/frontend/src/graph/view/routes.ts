/** Routes of edges, kept outside of the edges: a route that arrives draws one edge again. */
import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { same } from "../../shared/json";
import type { Box } from "../model/boxes";
import type { EdgeView } from "../model/nodes";
import { planesOf, type Directions } from "../layout/planes";
import type { Plane, Route } from "../layout/router";
import { routed } from "../layout/routing";

type Listener = () => void;

export class Routes {
  private known: ReadonlyMap<string, Route> = new Map();
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly ofAll = new Set<Listener>();

  get(edge: string): Route | undefined {
    return this.known.get(edge);
  }

  all(): Iterable<Route> {
    return this.known.values();
  }

  /** Replaces all routes; tells only the edges that have another one. */
  replace(routes: readonly Route[]): void {
    const before = this.known;
    this.known = new Map(routes.map((route) => {
      const old = before.get(route.id);
      return [route.id, old && same(old, route) ? old : route];
    }));
    for (const [edge, listeners] of this.listeners) if (this.known.get(edge) !== before.get(edge)) for (const listener of listeners) listener();
    for (const listener of this.ofAll) listener();
  }

  /** Listens to all routes together; the returned function ends it. */
  subscribeAll(listener: Listener): () => void {
    this.ofAll.add(listener);
    return () => this.ofAll.delete(listener);
  }

  subscribe(edge: string, listener: Listener): () => void {
    const listeners = this.listeners.get(edge) ?? new Set<Listener>();
    this.listeners.set(edge, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (!listeners.size && this.listeners.get(edge) === listeners) this.listeners.delete(edge);
    };
  }
}

export const RoutesContext = createContext(new Routes());

/** The route of an edge; undefined as long as there is none. */
export function useRoute(edge: string): Route | undefined {
  const routes = useContext(RoutesContext);
  return useSyncExternalStore((listener) => routes.subscribe(edge, listener), () => routes.get(edge));
}

/** The routes of a canvas. They arrive after its steps are drawn; the newest question wins. */
export function useRoutes(boxes: readonly Box[] | null, edges: readonly EdgeView[], directions: Directions): Routes {
  const [routes] = useState(() => new Routes());
  const asked = useRef<readonly Plane[] | null>(null);
  useEffect(() => {
    if (!boxes) return;
    const planes = planesOf(boxes, edges, directions);
    if (same(asked.current, planes)) return;
    asked.current = planes;
    void routed(planes).then((answer) => { if (asked.current === planes) routes.replace(answer); }, () => undefined);
  }, [boxes, edges, directions, routes]);
  return routes;
}
