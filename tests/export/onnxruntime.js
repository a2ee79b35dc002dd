// onnxruntime.js MODEL WIDTH HEIGHT SOURCE EXPECTED: a frame, 8-bit RGB, through a model in ONNX Runtime. Fails where more than one
// value of a thousand is off, or one by more than a level. Canvases that are inputs are made here, by the rule of tools/README.md.
const ort = require('onnxruntime-node'), fs = require('fs');

function randomAt(p, q, channel) {
  let h = Math.imul(p, 0x9E3779B1) + Math.imul(q, 0x85EBCA77) + Math.imul(channel, 0xC2B2AE3D) >>> 0;
  h = Math.imul(h ^ h >>> 15, 0x2C1B3C6D) >>> 0;
  h = Math.imul(h ^ h >>> 12, 0x297A2D39) >>> 0;
  return ((h ^ h >>> 15) >>> 0) / 2 ** 32 * Math.sqrt(12) - Math.sqrt(3);
}

function canvasAt(x, y, channel) {
  const p = Math.floor(x / 10), q = Math.floor(y / 10), a = x / 10 - p, b = y / 10 - q;
  let sum = 0, squares = 0;
  for (const [dp, dq, w] of [[0, 0, (1 - a) * (1 - b)], [1, 0, a * (1 - b)], [0, 1, (1 - a) * b], [1, 1, a * b]]) {
    sum += w * randomAt(p + dp, q + dq, channel);
    squares += w * w;
  }
  return sum / Math.sqrt(squares);
}

function makeCanvas(cell, channels, height, width) {
  const rows = Math.ceil(height / 8) * 8 / cell, columns = Math.ceil(width / 8) * 8 / cell;
  const values = new Float32Array(channels * rows * columns);
  for (let c = 0, i = 0; c < channels; c++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        values[i++] = canvasAt((column + 0.5) * cell, (row + 0.5) * cell, c);
  return new ort.Tensor('float32', values, [1, channels, rows, columns]);
}

async function main() {
  const [model, w, h, sourcePath, expectedPath] = process.argv.slice(2);
  const width = +w, height = +h, n = width * height;
  const session = await ort.InferenceSession.create(model, {intraOpNumThreads: 1, logSeverityLevel: 3});
  const source = fs.readFileSync(sourcePath), expected = fs.readFileSync(expectedPath);
  const frame = Float32Array.from({length: 3 * n}, (_, i) => source[i % n * 3 + Math.floor(i / n)] / 255);
  const feeds = {frame: new ort.Tensor('float32', frame, [1, 3, height, width])};
  for (const name of session.inputNames.filter(name => name !== 'frame'))
    feeds[name] = makeCanvas(name === 'canvas' ? 8 : 4, 8, height, width);
  const painting = (await session.run(feeds)).painting;
  const isWhole = painting.dims.join() === [1, 3, height, width].join() && [source, expected].every(rgb => rgb.length === 3 * n);
  let off = 0, worst = 0;
  for (let i = 0; i < 3 * n; i++) {
    const difference = Math.abs(Math.round(painting.data[i] * 255) - expected[i % n * 3 + Math.floor(i / n)]);
    off += difference > 0;
    worst = Math.max(worst, difference);
  }
  console.log(`${off} of ${3 * n} values off, by ${worst} at most`);
  process.exit(isWhole && worst <= 1 && off <= 3 * n / 1000 ? 0 : 1);
}

main().catch(error => { console.error(error.message); process.exit(1); });
