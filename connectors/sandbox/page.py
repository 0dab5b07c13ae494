"""The one page a person sees when opening a stand-in in the browser."""

PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}模拟平台</title>
<style>body{font:16px/1.6 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
textarea,input{font:inherit;width:100%;box-sizing:border-box}button{font:inherit;margin:.5rem 0}
li{margin:.4rem 0;white-space:pre-wrap}small{color:#555}</style>
<h1>{name}模拟平台</h1>
<p>用于演示、培训和测试，不会连到真实平台。</p>
<form id="push"><p><label>留言人编号<input name="person" value="citizen-0001" required></label></p>
<p><label>留言内容<textarea name="text" rows="3" required></textarea></label></p>
<button>以留言人身份发出</button> <span id="outcome" role="status"></span></form>
<h2>留言人会看到的内容</h2><ol id="seen"></ol>
<script>
const list = document.getElementById("seen");
async function show() {
  const answer = await (await fetch("/sandbox/ledger")).json();
  list.replaceChildren(...answer.entries.map(entry => {
    const item = document.createElement("li");
    item.textContent = entry.person + "：" + entry.text;
    return item;
  }));
}
document.getElementById("push").addEventListener("submit", async event => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  const answer = await fetch("/sandbox/push", {method: "POST",
    headers: {"Content-Type": "application/json"}, body: JSON.stringify(given)});
  document.getElementById("outcome").textContent = answer.ok ? "已发出" : "没有发出";
  show();
});
show(); setInterval(show, 3000);
</script></html>
"""
