// What the page uses of qr: text as the dark and light squares of a QR code.

export { encodeQR } from "qr";
