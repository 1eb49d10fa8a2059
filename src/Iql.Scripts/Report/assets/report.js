// Sorts every table.
document.querySelectorAll('table.sortable').forEach(function(t){
  t.querySelectorAll('thead th').forEach(function(th,i){
    th.addEventListener('click',function(){
      var up=th.getAttribute('aria-sort')!=='ascending',body=t.tBodies[0],rows=Array.from(body.rows);
      var v=function(r){var x=r.cells[i].dataset.v,n=Number(x);return x===''?-Infinity:isNaN(n)?x:n};
      rows.sort(function(a,b){
        var x=v(a),y=v(b),c=typeof x==='number'&&typeof y==='number'?x-y||0:String(x).localeCompare(String(y));
        return up?c:-c});
      rows.forEach(function(r){body.appendChild(r)});
      t.querySelectorAll('thead th').forEach(function(o){o.removeAttribute('aria-sort')});
      th.setAttribute('aria-sort',up?'ascending':'descending');
    });
  });
});
