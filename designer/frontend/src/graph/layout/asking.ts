/** Questions to a worker, answered by their numbers. A worker whose script cannot be loaded fails all that wait. */
interface Answer {
  readonly id: number;
  readonly data?: unknown;
  readonly error?: unknown;
}
interface Waiting {
  readonly resolve: (data: unknown) => void;
  readonly reject: (reason: Error) => void;
}

export class Asking {
  private readonly waiting = new Map<number, Waiting>();
  private worker: Worker | undefined;
  private count = 0;

  /** `make` starts the worker, with whatever it must be told first. */
  constructor(private readonly make: () => Worker, private readonly failure: string) {}

  ask<Data>(question: object): Promise<Data> {
    this.worker ??= this.start();
    const id = ++this.count;
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.worker.postMessage({ id, ...question });
    return answer as Promise<Data>;
  }

  private start(): Worker {
    const worker = this.make();
    worker.addEventListener("message", ({ data: { id, data, error } }: MessageEvent<Answer>) => {
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) waiting?.resolve(data);
      else waiting?.reject(new Error(this.failure));
    });
    worker.addEventListener("error", () => {
      for (const { reject } of this.waiting.values()) reject(new Error(this.failure));
      this.waiting.clear();
      this.worker = undefined;
    });
    return worker;
  }
}
