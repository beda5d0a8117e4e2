/** Where the event stream is, for those who must know it themselves. */
export const address = ({ baseURL, id, target }) =>
  `${baseURL}/cvms/${id}/state?target=${target}&interval=5&timeout=300`;
