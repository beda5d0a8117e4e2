/** The URL of the event stream, for contenders that do not build it themselves. */
export const address = ({ baseURL, id, target }) =>
  `${baseURL}/cvms/${id}/state?target=${target}&interval=5&timeout=300`;
