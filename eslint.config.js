import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "out/", "coverage/", ".questlog/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/require-await": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-import-type-side-effects": "error",
      "no-sequences": "error",
      "no-void": ["error", { allowAsStatement: true }],
    },
  },
  {
    files: ["**/*.ts"],
    ignores: ["lib/kafka.ts", "lib/testbed/cluster-ready.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { name: "kafkajs", message: "Import lib/kafka.ts, which mends it." },
      ],
    },
  },
  {
    // describe() and it() return nothing worth awaiting; asserts on unknown JSON read better with a cast.
    files: ["**/*.test.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
    },
  },
  {
    files: ["**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
);
