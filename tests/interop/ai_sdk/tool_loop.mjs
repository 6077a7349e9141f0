// A tool loop as users of the AI SDK write it: node tool_loop.mjs BASE_URL KEY PROVIDER json|stream; prints the last text.

import { createOpenResponses } from "@ai-sdk/open-responses";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [baseURL, apiKey, provider, mode] = process.argv.slice(2);

const models = {
  "openai-compatible": (id) => createOpenAICompatible({ name: "relay", baseURL, apiKey })(id),
  "openai-chat": (id) => createOpenAI({ baseURL, apiKey }).chat(id),
  "openai-responses": (id) => createOpenAI({ baseURL, apiKey }).responses(id),
  "open-responses": (id) => createOpenResponses({ name: "relay", url: `${baseURL}/responses`, apiKey })(id),
};

const city = z.object({ city: z.string() });
const asked = {
  model: models[provider]("mimo-v2.6-pro"),
  prompt: "Is it warm in Harbin, and what time is it there?",
  maxRetries: 0,
  stopWhen: stepCountIs(5),
  tools: {
    get_weather: tool({ description: "The weather", inputSchema: city, execute: ({ city }) => `-11 in ${city}` }),
    get_time: tool({ description: "The time", inputSchema: city, execute: ({ city }) => `noon in ${city}` }),
  },
};

let failure;
const onError = ({ error }) => (failure = error);
const done = mode === "stream" ? streamText({ ...asked, onError }) : await generateText(asked);
if (mode === "stream") await done.consumeStream({ onError });
if (failure) throw failure;
process.stdout.write(await done.text);
