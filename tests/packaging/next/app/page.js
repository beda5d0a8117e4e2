import { Outcome } from "./outcome";

export default function Page() {
  return <Outcome />;
}
