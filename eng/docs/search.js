// The search box: pages that have all words, those with a word in their title first, pages of docs before the API's.
// It needs no network.
const dialog = document.querySelector("dialog");
const box = dialog.querySelector("input");
const list = dialog.querySelector("ul");
const empty = dialog.querySelector(".empty");
const texts = pages.map(page => (page.title + " " + page.headings.join(" ") + " " + page.content).toLowerCase());

function open() {
    dialog.showModal();
    box.select();
}

document.querySelector("#search").addEventListener("click", open);
addEventListener("keydown", event => {
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        open();
    }
});
dialog.addEventListener("click", event => event.target === dialog && dialog.close());

box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(word => word.length > 1);
    const inTitle = page => words.filter(word => page.title.toLowerCase().includes(word)).length;
    const found = words.length === 0 ? [] : pages.filter((_, i) => words.every(word => texts[i].includes(word)));
    const isApi = page => page.type === "apiDocs";
    found.sort((a, b) => inTitle(b) - inTitle(a) || isApi(a) - isApi(b));
    empty.style.display = found.length === 0 ? "" : "none";
    list.replaceChildren(...found.slice(0, 20).map(page => {
        const link = document.createElement("a");
        link.href = document.documentElement.dataset.root + page.uri;
        link.textContent = page.title;
        const item = document.createElement("li");
        item.append(link);
        return item;
    }));
});

document.querySelector("aside .nav-item.active")?.scrollIntoView({ block: "center" });
