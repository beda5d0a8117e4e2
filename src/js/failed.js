/** Why a request came to nothing, as the news to tell. */
export class Failed extends Error {
  constructor(kind, news) {
    super();
    this.kind = kind;
    this.news = news;
  }
}
